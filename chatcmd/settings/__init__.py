"""envs/, environment and flags, read once into one frozen Settings that knows where each value came from."""
