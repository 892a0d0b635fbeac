"""What an experiment is made of, in words."""

import inspect

from vaegan_edu.experiments.own import find_experiment


def describe(name: str) -> str:
    """Return what `python -m vaegan_edu show` prints of an experiment.

    Its model with the number of parameters of each network (BatchNorm's statistics counted), its
    task, and every setting, with a mark beside those that the source does not state and we chose.
    The networks are built to be counted.

    Args:
        name: as for `train`.
    """
    name, experiment, file = find_experiment(name)
    model = experiment.build(
        {**experiment.settings, "seed": 0}, experiment.task.image_shape(experiment.settings)
    )
    networks = getattr(model, "networks", {"model": model})
    width = max(map(len, ("parameters", *experiment.settings, *networks)))
    about = (inspect.getdoc(type(experiment.task)) or "").partition("\n")[0]
    lines = [
        f"{name}: {experiment.summary}" + (f" ({file})" if file else ""),
        "",
        f"{'model':{width}}  {type(model).__name__}",
        f"{'task':{width}}  {type(experiment.task).__name__}: {about}",
        "",
        "parameters",
        *(f"{k:{width}}  {network.count_params():,}" for k, network in networks.items()),
        "",
        "settings",
    ]
    for key, value in experiment.settings.items():
        shown = f"{value:.6g}" if isinstance(value, float) else str(value)
        mark = "  assumed" if key in experiment.assumptions else ""
        lines.append(f"{key:{width}}  {shown}{mark}")
    return "\n".join(lines)
