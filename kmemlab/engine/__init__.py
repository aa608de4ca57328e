"""The simulated kernel: standard library only, and it imports nothing above itself."""
