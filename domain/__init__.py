"""What the regulation says, as frozen values and pure functions: no library, no clock, no I/O."""
