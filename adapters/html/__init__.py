"""Reports and predictions as self-contained pages, reports with the same results as JSON."""
