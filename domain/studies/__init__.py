"""Studies, patients and cohorts, and what can be wrong with their images."""
