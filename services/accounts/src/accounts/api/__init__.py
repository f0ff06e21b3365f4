"""HTTP in: sessions, agencies, accounts."""

from fastapi import APIRouter

from accounts.api import accounts, agencies, sessions

router = APIRouter()
router.include_router(sessions.router)
router.include_router(agencies.router)
router.include_router(accounts.router)
public_router = sessions.public_router
