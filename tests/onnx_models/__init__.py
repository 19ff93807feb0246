"""Tests of the simulator, the training and the models that ship."""
