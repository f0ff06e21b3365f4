"""What catalog does by itself: it publishes the calendars of the years around today."""

from catalog import commands
from chassis.jobs import Jobs

jobs = Jobs()
jobs.every(seconds=3600)(commands.publish_calendars)
