"""What accounts does by itself: it forgets spent tokens and old failures."""

from accounts.commands.sweeps import sweep
from chassis.jobs import Jobs

jobs = Jobs()
jobs.every(seconds=3600)(sweep)
