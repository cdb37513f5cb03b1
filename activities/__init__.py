"""Everything by which a process touches the world: one class for each counterpart."""
