"""Interactive figures that work in Jupyter and, without a kernel, in the built book.

`LatentExplorer` shows a two-dimensional latent plane beside the image decoded from a chosen point;
`KLExplorer` shows what `kl_loss` measures in one dimension; `DivergenceExplorer` shows the KL
divergence in both directions between a Gaussian and a mixture; `GameExplorer` plays a GAN's game in
one dimension; `SimilarityExplorer` lets pixels and a network's features judge a changed image;
`LabelExplorer` shows what soft labels, noisy labels and noise make of the best discriminator;
`MinibatchExplorer` shows what minibatch discrimination sees of a batch of points; `RunExplorer`
walks through the epochs of recorded runs; `ScheduleExplorer` shows what a learning-rate rule makes
of a loss curve; `Laboratory` trains and breaks small models in the page. None needs Keras,
ipywidgets or anywidget to be imported: a network is only read, and widgets are loaded when a kernel
asks.
"""

from vaegan_edu.widgets.divergence_explorer import DivergenceExplorer
from vaegan_edu.widgets.export import export_decoder
from vaegan_edu.widgets.game_explorer import GameExplorer
from vaegan_edu.widgets.kl_explorer import KLExplorer
from vaegan_edu.widgets.label_explorer import LabelExplorer
from vaegan_edu.widgets.laboratory import Laboratory
from vaegan_edu.widgets.latent_explorer import LatentExplorer
from vaegan_edu.widgets.minibatch_explorer import MinibatchExplorer
from vaegan_edu.widgets.run_explorer import RunExplorer
from vaegan_edu.widgets.schedule_explorer import ScheduleExplorer
from vaegan_edu.widgets.similarity_explorer import SimilarityExplorer

__all__ = [
    "DivergenceExplorer",
    "GameExplorer",
    "KLExplorer",
    "LabelExplorer",
    "Laboratory",
    "LatentExplorer",
    "MinibatchExplorer",
    "RunExplorer",
    "ScheduleExplorer",
    "SimilarityExplorer",
    "export_decoder",
]
