"""Teaches the bundled model our questions: small corrections to the weights of its layers (LoRA), learned on the examples in `knowledge/`.

Runs only when someone trains (`veivis train meaning`, with what `requirements-train.lock` installs): about an hour on two cores. What it learns
is kept in `trained/` and read by `e5.py`. The base model is never changed, so the corrections weigh three megabytes and not eighty.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from indexer.adapter import PARTS, RANK, SPREAD, Adapter, Floats, Head
from indexer.augmentation import augmented
from indexer.e5 import E5, measured_ranges, weights_of
from indexer.embedding import QUERY
from indexer.lesson import Lesson
from indexer.packed_model import PackedModel

Report = Callable[[int, int, float], None]

_LENGTHS = (12, 16, 20, 24, 32, 40, 56, 80)
"""Texts are filled up to the next of these; longer ones are cut."""
_TOKENS_AT_ONCE = 1280
_EPOCHS = 3
_RATE, _WARM_UP, _DECAY = 1e-3, 0.06, 0.01
_SMOOTHING = 0.05
_DROPPED = 0.1
_FEW_COUNT = 4.0
"""A head counts in full where a quarter of the texts have a label for it."""
_MEAN_KEEPS = 0.998
"""How much of the running mean stays at each step: it reaches some hundred steps back."""
_TEXTS_MEASURED = 200
"""Enough for the largest of each input: over 40 the vectors come as near to those in floats."""
_SEED = 3
_MISSING = -100


def tune(lessons: Sequence[Lesson], packed: PackedModel, report: Report, known: Adapter | None = None) -> Adapter:
    """`report` is told how many of how many steps are done, and the loss. `known`: what was learned before, to go on from. What is returned is the
    running mean of what was learned in the last steps, which is right more often than the last step itself."""
    torch.manual_seed(_SEED)
    chance = np.random.default_rng(_SEED)
    model = E5(packed, threads=1)
    heads = {head: sorted({lesson.labels[head] for lesson in lessons if head in lesson.labels}) for head in _heads_of(lessons)}
    wanted = {
        head: torch.tensor([labels.index(lesson.labels[head]) if head in lesson.labels else _MISSING for lesson in lessons])
        for head, labels in heads.items()
    }
    sample = chance.permutation(len(lessons))[:1000]
    centre = np.mean([model.embed(lessons[i].text) for i in sample], axis=0).astype(np.float32)
    encoder = _Encoder(packed, {head: len(labels) for head, labels in heads.items()}, torch.tensor(centre))
    if known is not None:
        encoder.go_on_from(known, heads)
    optimiser = torch.optim.AdamW(encoder.parameters(), lr=_RATE, weight_decay=_DECAY)
    mean = AveragedModel(encoder, multi_avg_fn=get_ema_multi_avg_fn(_MEAN_KEEPS))
    for epoch in range(_EPOCHS):
        tokens = [model.tokens(_said_anew(lesson.text, chance))[: _LENGTHS[-1] - 2] for lesson in lessons]
        batches = list(_batches([len(t) + 2 for t in tokens], chance))
        chance.shuffle(batches)
        for at, (rows, length) in enumerate(batches):
            step, steps = epoch * len(batches) + at, _EPOCHS * len(batches)
            for group in optimiser.param_groups:
                group["lr"] = _RATE * _share_of_rate(step / steps)
            embedded, unseen = _together([model.embedded(tokens[row]) for row in rows], length)
            with _half_length():
                vectors = encoder.vectors(embedded, unseen)
                features = functional.dropout((vectors.float() - encoder.centre) * SPREAD, _DROPPED)
                found = {head: encoder.heads[head](features).float() for head in heads}
            loss = sum((_loss(found[head], wanted[head][torch.tensor(rows)]) for head in heads), torch.zeros(()))
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            mean.update_parameters(encoder)
            report(step + 1, steps, float(loss.detach()))
    learned: Adapter = mean.module.adapter(heads)
    ranges = measured_ranges(packed, learned, [lessons[i].text for i in sample[:_TEXTS_MEASURED]])
    return replace(learned, ranges=ranges)


def _loss(found: Tensor, wanted: Tensor) -> Tensor:
    """Of one head over a batch. A head that few of the texts have a label for counts less, so that two sentences do not shake the model."""
    labelled = float((wanted != _MISSING).float().mean())
    if labelled == 0:
        return torch.zeros(())
    loss = functional.cross_entropy(found, wanted, ignore_index=_MISSING, label_smoothing=_SMOOTHING)
    return min(1.0, _FEW_COUNT * labelled) * loss


def _said_anew(text: str, chance: np.random.Generator) -> str:
    """A question as someone else would type it; an article's own words as they are."""
    return QUERY + augmented(text.removeprefix(QUERY), chance) if text.startswith(QUERY) else text


def _together(texts: Sequence[Floats], length: int) -> tuple[Tensor, Tensor]:
    """Texts of embedded tokens as one batch of shape (texts, length, 384), and which places are empty."""
    embedded, unseen = (
        np.zeros((len(texts), length, texts[0].shape[1]), dtype=np.float32),
        np.ones((len(texts), length), dtype=bool),
    )
    for row, text in enumerate(texts):
        embedded[row, : len(text)], unseen[row, : len(text)] = text, False
    return torch.tensor(embedded), torch.tensor(unseen)


def _half_length() -> AbstractContextManager[None]:
    """Numbers of 16 bits: twice as fast on processors that have them, and exact enough to learn by; thirty times as slow on others, which go on in
    32. For one step at a time: the context keeps its short copies of the weights until it is left, and would not see them change."""
    has_them = bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())  # torch asks so itself, and has no public question
    context: AbstractContextManager[None] = torch.autocast("cpu", torch.bfloat16, enabled=has_them)
    return context


def _share_of_rate(done: float) -> float:
    """Rises for a moment, then falls along a cosine."""
    if done < _WARM_UP:
        return done / _WARM_UP
    return 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * (done - _WARM_UP) / (1 - _WARM_UP)))


def _heads_of(lessons: Sequence[Lesson]) -> list[str]:
    return sorted({head for lesson in lessons for head in lesson.labels})


def _batches(lengths: Sequence[int], chance: np.random.Generator) -> Iterator[tuple[list[int], int]]:
    """Rows of much the same length together, about as many tokens each time."""
    least = np.searchsorted(_LENGTHS, lengths)
    for at, length in enumerate(_LENGTHS):
        rows = chance.permutation(np.flatnonzero(least == at))
        size = _TOKENS_AT_ONCE // length
        for start in range(0, len(rows), size):
            yield rows[start : start + size].tolist(), length


class _Encoder(torch.nn.Module):  # type: ignore[misc]  # torch is there only where someone trains
    """BERT's encoder with frozen weights, corrections to every layer, and heads upon the mean of its tokens."""

    def __init__(self, packed: PackedModel, heads: Mapping[str, int], centre: Tensor) -> None:
        super().__init__()
        self._shape = packed.shape
        self._frozen = {name: torch.tensor(weight) for name, weight in weights_of(packed).items()}
        self.centre = centre
        self.heads = torch.nn.ModuleDict({head: torch.nn.Linear(packed.shape.width, labels) for head, labels in heads.items()})
        self.down, self.up = torch.nn.ParameterDict(), torch.nn.ParameterDict()
        for layer in range(packed.shape.layers):
            for part in PARTS:
                inputs, outputs = packed.shape.sizes(part)
                self.down[f"l{layer}_{part}"] = torch.nn.Parameter(torch.randn(inputs, RANK) * inputs**-0.5)
                self.up[f"l{layer}_{part}"] = torch.nn.Parameter(torch.zeros(RANK, outputs))

    def go_on_from(self, known: Adapter, heads: Mapping[str, Sequence[str]]) -> None:
        """Begins with what was learned before; a label that is new begins with nothing."""
        with torch.no_grad():
            for name, (down, up) in known.deltas.items():
                self.down[name.replace(".", "_")].copy_(torch.tensor(down))
                self.up[name.replace(".", "_")].copy_(torch.tensor(up))
            for head, labels in heads.items():
                if head not in known.heads:
                    continue
                before = known.heads[head]
                for row, label in enumerate(labels):
                    if label in before.labels:
                        column = before.labels.index(label)
                        self.heads[head].weight[row] = torch.tensor(before.weights[:, column])
                        self.heads[head].bias[row] = float(before.bias[column])
            self.centre = torch.tensor(next(iter(known.heads.values())).centre)

    def vectors(self, tokens: Tensor, unseen: Tensor) -> Tensor:
        """Of length 1, one a text."""
        for layer in range(self._shape.layers):
            tokens = self._layer(layer, tokens, unseen)
        return functional.normalize((tokens * ~unseen[..., None]).sum(1), dim=-1)

    def adapter(self, heads: Mapping[str, Sequence[str]]) -> Adapter:
        def plain(values: Tensor) -> Floats:
            return np.asarray(values.detach().numpy(), dtype=np.float32)

        deltas = {name.replace("_", "."): (plain(self.down[name]), plain(self.up[name])) for name in self.down}
        named = {
            head: Head(tuple(labels), plain(self.centre), plain(self.heads[head].weight.T), plain(self.heads[head].bias))
            for head, labels in heads.items()
        }
        return Adapter(deltas, named)

    def _layer(self, layer: int, tokens: Tensor, unseen: Tensor) -> Tensor:
        query, key, value = (self._apart(self._linear(tokens, layer, part)) for part in "qkv")
        seen = functional.scaled_dot_product_attention(query, key, value, attn_mask=~unseen[:, None, None, :])
        context = seen.transpose(1, 2).reshape(tokens.shape)
        tokens = self._normal(tokens + self._linear(context, layer, "ao"), f"l{layer}.aln")
        hidden = functional.gelu(self._linear(tokens, layer, "fi"))
        return self._normal(tokens + self._linear(hidden, layer, "fo"), f"l{layer}.oln")

    def _linear(self, values: Tensor, layer: int, part: str) -> Tensor:
        found = functional.linear(values, self._frozen[f"l{layer}.{part}.w"], self._frozen[f"l{layer}.{part}.b"])
        name = f"l{layer}_{part}"
        return found + (values @ self.down[name]) @ self.up[name] if name in self.down else found

    def _normal(self, values: Tensor, name: str) -> Tensor:
        gain, shift = self._frozen[f"{name}.w"], self._frozen[f"{name}.b"]
        return functional.layer_norm(values, (self._shape.width,), gain, shift, self._shape.epsilon)

    def _apart(self, values: Tensor) -> Tensor:
        texts, length, width = values.shape
        return values.view(texts, length, self._shape.heads, width // self._shape.heads).transpose(1, 2)
