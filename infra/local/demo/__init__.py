"""The main job on real services, with real trouble, checked against what the providers saw."""
