"""Compiled scans: a cell's step over packed texts, forward and back, as fast as the machine's vectors allow.

functions → source → compiled → layer: functions of one number, the source written for a cell, its
compilation, and the recurrent layer made of it.
"""
