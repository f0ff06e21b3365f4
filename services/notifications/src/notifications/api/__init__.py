"""HTTP in: inboxes and mails for those signed in, notices for everyone."""

from fastapi import APIRouter

from notifications.api import inboxes, notices

router = APIRouter()
router.include_router(inboxes.router)
router.include_router(notices.router)
public_router = notices.public_router
