"""The training steps that `benchmarks.train_step` compares, each in a process of its own."""
