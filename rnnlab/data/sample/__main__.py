"""`python -m rnnlab.data.sample OUT_DIR [--seed N]` writes the sample corpus anew."""

import argparse
from pathlib import Path

from rnnlab.data.sample.corpus import SHIPPED_SEED, write_sample


def main() -> None:
    """Reads the command line and writes the four files."""
    parser = argparse.ArgumentParser(prog="python -m rnnlab.data.sample", description=__doc__)
    parser.add_argument("out_dir", type=Path, metavar="OUT_DIR", help="folder to write into, made if missing")
    parser.add_argument(
        "--seed", type=int, default=SHIPPED_SEED, help="default: %(default)s, the shipped one"
    )
    arguments = parser.parse_args()
    write_sample(arguments.out_dir, seed=arguments.seed)


if __name__ == "__main__":
    main()
