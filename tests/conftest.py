"""What holds for all tests: a slow machine is no failure."""

from hypothesis import HealthCheck, settings

settings.register_profile("chatcmd", deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("chatcmd")
