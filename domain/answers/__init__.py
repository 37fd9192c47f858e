"""How a model's words become an answer: the questions, the grammar and its objects."""
