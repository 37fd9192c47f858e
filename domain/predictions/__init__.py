"""What a backend answers: grades and localisations, or failures."""
