"""The doctor: looks a finished run over for five common sicknesses, with evidence and what to try.

evidence.py   what is measured          checks.py   what is made of it, and the thresholds
"""

from rnnlab.probes.doctor.checks import Diagnosis, Recipe, diagnose
from rnnlab.probes.doctor.evidence import Evidence, gather

__all__ = ["Diagnosis", "Evidence", "Recipe", "diagnose", "gather"]
