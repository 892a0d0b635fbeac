"""How fast one training step of the VAE-GAN is, beside the same step written plainly."""
