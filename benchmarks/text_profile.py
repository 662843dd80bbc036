"""Where an epoch of AWD-LSTM goes: its parts' fractions of the processor time of one thread.

The model of `benchmarks.texts`, on made-up texts of 8,000 words whose frequencies fall as 1 / rank, as those of a
language do: the sample has fewer words, and the decoder's time grows with them.
"""

from time import process_time

import torch
from torch.profiler import ProfilerActivity, profile

import coursekit as ck

from .report import machine, table
from .texts import BATCH, EMBEDDING, HIDDEN, LAYERS, SEQUENCE

WORDS, TOKENS = 8000, 40_000
PARTS = {  # by what PyTorch calls its functions
    "LSTM, forward": ("mkldnn_rnn_layer", "lstm"),
    "LSTM, backward": ("mkldnn_rnn_layer_backward", "MkldnnRnnLayerBackward0"),
    "decoder's products": ("mm", "addmm", "addmm_"),
    "softmax, loss and their gradients": (
        "_log_softmax", "_log_softmax_backward_data", "nll_loss_forward", "nll_loss_backward", "exp_", "sub_", "amax",
        "sum", "scatter_add_", "LogSoftmaxBackward0", "NllLossBackward0",
    ),
    "drawing the dropouts": ("bernoulli_",),
    "the words' vectors": ("index_select", "embedding_dense_backward"),
    "optimizer": ("_fused_adamw_", "Optimizer.step#AdamW.step", "Optimizer.zero_grad#AdamW.zero_grad"),
    "zeros, sums and copies": ("fill_", "zero_", "add_", "add", "copy_", "mul", "mul_", "div_"),
}  # fmt: skip


def part_of(key):
    """The part that a function of PyTorch's belongs to."""
    name = key.removeprefix("autograd::engine::evaluate_function: ").split("::")[-1]
    return next((part for part, names in PARTS.items() if name in names), "everything else")


def main():
    torch.set_num_threads(1)
    torch.manual_seed(0)
    ids = torch.multinomial(1 / torch.arange(1, WORDS + 1), TOKENS, replacement=True).tolist()
    words = [f"word{i}" for i in range(WORDS)]
    texts = [" ".join(words[i] for i in ids[start : start + 250]) for start in range(0, TOKENS, 250)]
    data = ck.LanguageLoaders(
        texts, vocab=ck.Vocab.count([" ".join(words)], 1, WORDS), batch_size=BATCH, seq_len=SEQUENCE, device="cpu"
    )
    learn = ck.language_model_learner(data, EMBEDDING, HIDDEN, LAYERS, dropouts=ck.Dropouts(), progress=False)
    learn.fit(1, 1e-3)  # warms up
    start = process_time()
    learn.fit(1, 1e-3)
    taken = process_time() - start
    with profile(activities=[ProfilerActivity.CPU]) as seen:
        learn.fit(1, 1e-3)
    times = dict.fromkeys([*PARTS, "everything else"], 0.0)
    for event in seen.key_averages():
        times[part_of(event.key)] += event.self_cpu_time_total
    whole = sum(times.values())
    rows = [
        [part, f"{time / whole:.1%}", f"{1000 * taken / len(data.train) * time / whole:.1f}"]
        for part, time in sorted(times.items(), key=lambda item: -item[1])
    ]
    rows.append(["all", "100.0%", f"{1000 * taken / len(data.train):.1f}"])
    print(f"{machine()}. {data.train.samples / taken:,.0f} tokens a second of processor time.\n")
    print(table(["", "of an epoch", "ms a batch"], rows))


if __name__ == "__main__":
    main()
