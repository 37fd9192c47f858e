"""Single cases on a page: a sortable table with filters, pictures with overlays, and a 3D viewer."""
