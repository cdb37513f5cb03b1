"""Everything on one machine: register, engine, mail, worker and gateway."""
