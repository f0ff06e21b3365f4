"""HTTP in: inboxes, preferences, feedback, mails for those signed in, notices for everyone."""

from fastapi import APIRouter

from notifications.api import feedback, inboxes, mails, notices, preferences, subscriptions

router = APIRouter()
router.include_router(feedback.router)
router.include_router(inboxes.router)
router.include_router(mails.router)
router.include_router(preferences.router)
router.include_router(subscriptions.router)
public_router = APIRouter()
public_router.include_router(notices.router)
public_router.include_router(subscriptions.public_router)
