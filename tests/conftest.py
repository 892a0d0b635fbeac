"""What all tests share: silence before TensorFlow is imported, and small models."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

import hypothesis

# The first example of a test compiles; what it takes says nothing about the code.
hypothesis.settings.register_profile("course", deadline=None, derandomize=True, max_examples=50)
hypothesis.settings.load_profile("course")
