"""The platform APIs, served locally from captures, with a clock and fault switches.

Belongs here: what tests, the demo and the command line start the sandbox with.
Does not belong here: anything that the pipeline needs in production.
"""

from layers_pipeline.sandbox.app import build_sandbox
from layers_pipeline.sandbox.dataset import AccountRef, Capture, Dataset, Post
from layers_pipeline.sandbox.datasets import default_dataset, default_truth, recorded_captures
from layers_pipeline.sandbox.faults import Fault
from layers_pipeline.sandbox.generated import generated_captures
from layers_pipeline.sandbox.platform_faults import PlatformFault
from layers_pipeline.sandbox.replayed import replayed_captures
from layers_pipeline.sandbox.scenario import Scenario, load_scenario
from layers_pipeline.sandbox.server import RunningSandbox, run_sandbox, running_sandbox
from layers_pipeline.sandbox.truth import Item, Plan, Spell, Truth, generated_truth
from layers_pipeline.sandbox.world import World

__all__ = [
    "AccountRef",
    "Capture",
    "Dataset",
    "Fault",
    "Item",
    "Plan",
    "PlatformFault",
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
