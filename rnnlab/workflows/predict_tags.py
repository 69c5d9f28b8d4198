"""What `rnnlab predict` prints of a tagger: a tag for every word."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rnnlab.experiment.restore import RestoredRun
    from rnnlab.tasks.tagging import Tagging
    from rnnlab.workflows.given_texts import GivenTexts


def print_tags(restored: "RestoredRun", task: "Tagging", given: "GivenTexts", form: str) -> None:
    """Prints a row a word, cut at white space: the tag that the net gives it, and that tag's probability."""
    import numpy as np
    import pandas as pd
    import torch

    from rnnlab.core.batch import Batch
    from rnnlab.core.errors import InputError
    from rnnlab.terminal.frames import print_frame

    assert restored.vocabulary is not None
    tags = restored.run.summary["classes"]
    rows = []
    for text, place in zip(given.texts, given.places, strict=True):
        words = text.split()
        if not words:
            raise InputError(f"{place}: is empty; expected a text of at least one word")
        ids = task.encode(words, restored.vocabulary)
        batch = Batch(torch.from_numpy(ids)[None], torch.tensor([len(ids)]), torch.zeros(1))
        chances = restored.predict_fn(batch)[0].double().softmax(dim=1).numpy()
        chosen = chances.argmax(axis=1)
        known = [not restored.vocabulary.words[number].startswith("<unk") for number in ids]
        rows.append(
            pd.DataFrame(
                {
                    "Text": place,
                    "Word": words,
                    "Tag": [tags[number] for number in chosen],
                    "Probability": chances[np.arange(len(chosen)), chosen],
                    "Known": known,
                }
            )
        )
    print_frame(pd.concat(rows, ignore_index=True), form)
