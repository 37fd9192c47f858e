"""Raw images made ready for the networks: registered, brain extracted; and answers brought back."""
