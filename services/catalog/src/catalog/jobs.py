"""What catalog does by itself: it publishes the calendars of the years around today."""

from catalog.commands.calendars import publish_calendars
from chassis.jobs import Jobs

jobs = Jobs()
jobs.every(seconds=3600)(publish_calendars)
