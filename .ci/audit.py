"""Says which installed packages have known vulnerabilities, and which could not be asked about.

    python .ci/audit.py PIP_AUDIT SITE_PACKAGES

pip-audit alone calls it a success where the registry answers nothing. Ends with 1 where there are
vulnerabilities, 3 where nothing could be checked at all.
"""

import json
import subprocess
import sys
from typing import Any


def main(pip_audit: str, packages: str) -> int:
    """Prints both lists; returns the exit code."""
    words = [
        pip_audit,
        "--path",
        packages,
        "--format",
        "json",
        "--progress-spinner",
        "off",
        "--timeout",
        "15",
    ]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    try:
        found: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        print(f"pip-audit gave no answer: {done.stderr.strip()[-500:]}")
        return 3
    vulnerable = [package for package in found if package.get("vulns")]
    unchecked = [package for package in found if "skip_reason" in package]
    for package in vulnerable:
        for hole in package["vulns"]:
            fixed = ", ".join(hole["fix_versions"]) or "no version yet"
            print(f"{package['name']} {package['version']}: {hole['id']}, mended in {fixed}")
    if unchecked:
        print("not checked:", ", ".join(sorted(package["name"] for package in unchecked)))
    checked = len(found) - len(unchecked)
    print(f"{checked} of {len(found)} packages checked, {len(vulnerable)} with known vulnerabilities")
    return 1 if vulnerable else 0 if checked else 3


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
