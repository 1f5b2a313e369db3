"""Helpers without a place in the model: files, configs, optional imports."""
