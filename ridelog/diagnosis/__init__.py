"""From findings to a verdict: causes, the evidence table, the reasoning over them and the handbook."""
