"""HTTP in: regimes with their forms, designations, the calendar."""

from fastapi import APIRouter

from catalog.api import calendars, regimes

router = APIRouter()
router.include_router(regimes.router)
router.include_router(calendars.router)
