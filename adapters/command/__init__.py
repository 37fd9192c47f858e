"""Programs as backends: studies are written as files, a process is run, its files are read."""
