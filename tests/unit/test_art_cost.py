"""What hostile art costs: processor time of each file, and memory over all of them, in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.support.figures import Figure
from tests.unit.test_art_png import REFUSED as PNGS
from tests.unit.test_art_svg import REFUSED as SVGS

CPU_SECONDS = 0.5
MEMORY_MIB = 128
_CHILD = """
import json, time
from badgeissuer.drawing.cleaning import clean
from badgeissuer.vc.carriers.forms import ImageRefused
from tests.unit.test_art_png import REFUSED as PNGS, png
from tests.unit.test_art_svg import REFUSED as SVGS, svg

def peak():
    return int(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1])

def costs(cases):
    slowest, passed = 0.0, []
    for name, data in cases.items():
        began = time.process_time()
        try:
            clean(data)
            passed.append(name)
        except ImageRefused:
            pass
        slowest = max(slowest, time.process_time() - began)
    return {"slowest": slowest, "passed": passed}

clean(png())
files = [{name: make() for name, make in cases.items()} for cases in (PNGS, SVGS)]
# From here on the peak is that of the work.
with open("/proc/self/clear_refs", "w") as reset:
    reset.write("5")
before = peak()
found = [costs(cases) for cases in files]
print(json.dumps({"png": found[0], "svg": found[1], "grown": peak() - before}))
"""


def test_each_hostile_file_costs_little(figure: Figure) -> None:
    done = subprocess.run([sys.executable, "-c", _CHILD], capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["png"]["passed"], found["svg"]["passed"]) == ([], [])
    grown = found["grown"] / 1024
    slowest = {kind: found[kind]["slowest"] for kind in ("png", "svg")}
    figure(
        f"{len(PNGS)} hostile PNGs and {len(SVGS)} hostile SVGs refused; at most {1000 * slowest['png']:.0f} ms and "
        f"{1000 * slowest['svg']:.0f} ms of processor time each; {grown:.0f} MiB of memory over all"
    )
    assert max(slowest.values()) <= CPU_SECONDS
    assert grown <= MEMORY_MIB
