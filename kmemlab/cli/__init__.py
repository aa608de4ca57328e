"""The commands that a terminal sees: verify, replay, sh, doctor."""
