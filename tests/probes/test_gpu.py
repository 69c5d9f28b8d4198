"""On a GPU every probe finds what it finds on the CPU, of a net in evaluation mode, too."""

from dataclasses import replace

import pandas as pd
import pytest
import torch

from rnnlab.experiment.build import build_probes
from rnnlab.experiment.compose import CONFIG_DIR, checked, compose_config
from tests.probes.nets import make_net
from tests.probes.probe_inputs import probe_input_for, random_split

PROBES = sorted(path.stem for path in (CONFIG_DIR / "probe").glob("*.yaml"))

pytestmark = pytest.mark.skipif(
    not torch.cuda.is_available(),
    reason="PyTorch sees no GPU: that cuDNN's layers have a backward pass in evaluation mode is not checked",
)


@pytest.mark.parametrize("name", PROBES)
@pytest.mark.parametrize("model", ["rnn", "birnn", "lstm", "gru"])
def test_a_probe_finds_the_same_as_on_the_cpu(model: str, name: str) -> None:
    probe = build_probes(checked(compose_config([f"probe={name}"])))[name]
    on_cpu = probe_input_for(make_net(model).eval(), random_split())
    on_gpu = replace(on_cpu, model=make_net(model).cuda().eval(), device="cuda")
    assert probe.not_applicable(on_cpu) is None and probe.not_applicable(on_gpu) is None
    found = probe.measure(on_gpu)
    pd.testing.assert_frame_equal(found, probe.measure(on_cpu), rtol=1e-4, atol=1e-6)
    assert len(found) > 0 and not on_gpu.model.training
