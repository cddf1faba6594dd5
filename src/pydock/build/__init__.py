"""A build read as a program: walk(project) gives every step with the image before it, and what runs in the end."""

from pydock.build.containers.run_time_calls import RunTimeCall, run_time_calls
from pydock.build.model import Build, Process, Step
from pydock.build.walk import walk

__all__ = ["Build", "Process", "RunTimeCall", "Step", "run_time_calls", "walk"]
