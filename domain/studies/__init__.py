"""Studies, patients and cohorts, and faults of their images."""
