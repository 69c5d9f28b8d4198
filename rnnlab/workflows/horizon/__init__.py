"""The memory horizon: which sequence length each net can still learn."""
