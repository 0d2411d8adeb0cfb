"""The platform APIs, served locally from captures, with a clock and fault switches.

Belongs here: what tests, the demo and the command line start the sandbox with.
Does not belong here: anything that the pipeline needs in production.
"""

from sandbox.faults import Fault
from sandbox.service.app import build_sandbox
from sandbox.service.scenario import Scenario, load_scenario
from sandbox.service.server import RunningSandbox, run_sandbox, running_sandbox
from sandbox.simulation.dataset import AccountRef, Capture, Dataset, Post
from sandbox.simulation.datasets import default_dataset, default_truth, recorded_captures
from sandbox.simulation.generated import generated_captures
from sandbox.simulation.replayed import replayed_captures
from sandbox.simulation.truth import Item, Plan, Spell, Truth, generated_truth
from sandbox.world import World

__all__ = [
    "AccountRef",
    "Capture",
    "Dataset",
    "Fault",
    "Item",
    "Plan",
    "Post",
    "RunningSandbox",
    "Scenario",
    "Spell",
    "Truth",
    "World",
    "build_sandbox",
    "default_dataset",
    "default_truth",
    "generated_captures",
    "generated_truth",
    "load_scenario",
    "recorded_captures",
    "replayed_captures",
    "run_sandbox",
    "running_sandbox",
]
