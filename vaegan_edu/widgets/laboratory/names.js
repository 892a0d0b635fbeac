// The names that page and worker share, as in `vaegan_edu.models.VAEGAN`.

const TERMS = ["prior", "pixel", "feature", "adversarial_decoder", "adversarial_discriminator"];
const NETWORKS = ["encoder", "decoder", "discriminator"];
