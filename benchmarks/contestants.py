"""The same training written ten ways. `epoch.py` starts one process for each and tells it when to run.

Each contestant is a function `(task, epochs, tick) -> (held-out loss, held-out accuracy, logits)`: the first two as
its own validation of the last epoch found them, the third its trained model's outputs for the held-out rows. `tick` is
called once at the end of every epoch.
"""

import json
import os
import sys
from dataclasses import dataclass
from functools import partial
from tempfile import TemporaryDirectory
from time import perf_counter

import torch
from torch import nn
from torch.nn import functional as F

import coursekit as ck

ROWS, HELD_OUT, PIXELS, HIDDEN, CLASSES = 20_000, 5_000, 784, 100, 10
BATCH, RATE, DECAY = 64, 1e-3, 0.01
DEVICE = ck.device()


@dataclass
class Task:
    """Data on the CPU, (inputs, targets), and the weights that every contestant starts from."""

    train: tuple[torch.Tensor, torch.Tensor]
    valid: tuple[torch.Tensor, torch.Tensor]
    weights: dict[str, torch.Tensor]

    def model(self):
        model = network(PIXELS, HIDDEN, CLASSES)
        model.load_state_dict(self.weights)
        return model.to(DEVICE)

    def on_device(self):
        return [tensor.to(DEVICE) for tensor in (*self.train, *self.valid)]

    def torch_loaders(self):
        """PyTorch's own, as the second loop by hand, Lightning and Ignite use them."""
        from torch.utils.data import DataLoader, TensorDataset

        loader = partial(DataLoader, pin_memory=DEVICE.type == "cuda")
        train = loader(TensorDataset(*self.train), BATCH, shuffle=True)
        return train, loader(TensorDataset(*self.valid), 2 * BATCH)


def network(inputs, hidden, outputs):
    return nn.Sequential(nn.Linear(inputs, hidden), nn.ReLU(), nn.Linear(hidden, outputs))


def make_task(seed=0):
    """Rows that vary in 20 directions and some noise; a small random network of those 20 numbers says the class."""
    torch.manual_seed(seed)
    hidden_causes = torch.randn(ROWS + HELD_OUT, 20)
    inputs = hidden_causes @ torch.randn(20, PIXELS) / 20**0.5 + 0.5 * torch.randn(ROWS + HELD_OUT, PIXELS)
    with torch.inference_mode():
        targets = (F.relu(hidden_causes @ torch.randn(20, 40)) @ torch.randn(40, CLASSES)).argmax(1)
    targets = targets.clone()
    weights = network(PIXELS, HIDDEN, CLASSES).state_dict()
    return Task((inputs[:ROWS], targets[:ROWS]), (inputs[ROWS:], targets[ROWS:]), weights)


# The hand-written loop: with index batches, and with PyTorch's DataLoader


def train_epoch(model, batches, optimizer):
    """One pass; gives the mean training loss. The losses stay on the device until the end."""
    model.train()
    losses = []
    for inputs, targets in batches:
        loss = F.cross_entropy(model(inputs), targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.detach())
    return torch.stack(losses).mean().item()


@torch.inference_mode()
def validate(model, batches):
    model.eval()
    loss = right = rows = 0
    for inputs, targets in batches:
        outputs = model(inputs)
        loss += F.cross_entropy(outputs, targets) * len(targets)
        right += (outputs.argmax(1) == targets).sum()
        rows += len(targets)
    return loss.item() / rows, right.item() / rows


def by_hand(task, epochs, tick, train_batches, valid_batches):
    from tqdm import tqdm

    model = task.model()
    optimizer = torch.optim.AdamW(model.parameters(), RATE, weight_decay=DECAY)
    for epoch in range(epochs):
        bar = tqdm(train_batches(), f"epoch {epoch + 1} of {epochs}", -(-ROWS // BATCH), leave=False)
        train_loss = train_epoch(model, bar, optimizer)
        loss, accuracy = validate(model, valid_batches())
        tqdm.write(f"{epoch + 1}  {train_loss:.4f}  {loss:.4f}  {accuracy:.4f}")
        tick()
    return loss, accuracy, outputs(model, task)


def hand_written(task, epochs, tick):
    train_x, train_y, valid_x, valid_y = task.on_device()

    def train_batches():
        for rows in torch.randperm(ROWS).to(DEVICE).split(BATCH):
            yield train_x[rows], train_y[rows]

    def valid_batches():
        return zip(valid_x.split(2 * BATCH), valid_y.split(2 * BATCH), strict=True)

    return by_hand(task, epochs, tick, train_batches, valid_batches)


def hand_written_dataloader(task, epochs, tick):
    train, valid = task.torch_loaders()

    def moved(loader):
        for inputs, targets in loader:
            yield inputs.to(DEVICE, non_blocking=True), targets.to(DEVICE, non_blocking=True)

    return by_hand(task, epochs, tick, lambda: moved(train), lambda: moved(valid))


def limit(task, epochs, tick):
    """The same arithmetic with nothing around it: no progress, no training loss, the held-out rows in one pass."""
    model = task.model()
    train_x, train_y, valid_x, valid_y = task.on_device()
    optimizer = torch.optim.AdamW(model.parameters(), RATE, weight_decay=DECAY, fused=True)
    buffers = torch.empty_like(train_x[:BATCH]), torch.empty_like(train_y[:BATCH])
    for _ in range(epochs):
        model.train()
        for rows in torch.randperm(ROWS).to(DEVICE).split(BATCH):
            inputs, targets = (buffer[: len(rows)] for buffer in buffers)
            torch.index_select(train_x, 0, rows, out=inputs)
            torch.index_select(train_y, 0, rows, out=targets)
            optimizer.zero_grad(set_to_none=True)
            F.cross_entropy(model(inputs), targets).backward()
            optimizer.step()
        loss, accuracy = validate(model, [(valid_x, valid_y)])
        tick()
    return loss, accuracy, outputs(model, task)


@torch.inference_mode()
def outputs(model, task):
    return model.to(DEVICE).eval()(task.valid[0].to(DEVICE)).cpu()


# The others, each used as its own documentation shows


def coursekit(task, epochs, tick, compiled=False):
    class Tick:
        def after_epoch(self, learn):
            tick()

    data = ck.Loaders(task.train, task.valid, batch_size=BATCH)
    optimizer = partial(torch.optim.AdamW, weight_decay=DECAY)
    options = dict(optimizer_fn=optimizer, callbacks=[Tick()], compile=compiled)
    learn = ck.Learner(data, task.model(), ck.cross_entropy, [ck.accuracy], **options)
    learn.fit(epochs, RATE)
    row = learn.recorder.epochs[-1]
    return row["valid_loss"], row["accuracy"], outputs(learn.model, task)


def coursekit_compiled(task, epochs, tick):
    return coursekit(task, epochs, tick, compiled=True)


def fastai(task, epochs, tick):
    from fastai.basics import Callback, DataLoaders, Learner, OptimWrapper, accuracy
    from fastai.callback import progress  # noqa: F401  adds the progress bar to every Learner
    from torch.utils.data import TensorDataset

    class Tick(Callback):
        def after_epoch(self):
            tick()

    sets = TensorDataset(*task.train), TensorDataset(*task.valid)
    data = DataLoaders.from_dsets(*sets, bs=BATCH, val_bs=2 * BATCH, num_workers=0, device=DEVICE)
    optimizer = partial(OptimWrapper, opt=torch.optim.AdamW)
    learn = Learner(data, task.model(), F.cross_entropy, optimizer, metrics=accuracy, cbs=[Tick()])
    learn.fit(epochs, RATE, wd=DECAY)
    _, loss, right = learn.recorder.values[-1]
    return loss, right, outputs(learn.model, task)


def lightning(task, epochs, tick):
    import lightning as L
    from lightning.pytorch.callbacks import TQDMProgressBar

    class Module(L.LightningModule):
        def __init__(self):
            super().__init__()
            self.model = task.model()

        def training_step(self, batch, index):
            inputs, targets = batch
            loss = F.cross_entropy(self.model(inputs), targets)
            self.log("train_loss", loss, prog_bar=True)
            return loss

        def validation_step(self, batch, index):
            inputs, targets = batch
            outputs = self.model(inputs)
            self.log("loss", F.cross_entropy(outputs, targets), prog_bar=True)
            self.log("accuracy", (outputs.argmax(1) == targets).float().mean(), prog_bar=True)

        def configure_optimizers(self):
            return torch.optim.AdamW(self.parameters(), RATE, weight_decay=DECAY)

    class Tick(L.Callback):
        def on_train_epoch_end(self, trainer, module):
            tick()

    off = dict(logger=False, enable_checkpointing=False, enable_model_summary=False, num_sanity_val_steps=0)
    callbacks = [Tick(), TQDMProgressBar()]
    trainer = L.Trainer(accelerator=DEVICE.type, devices=1, max_epochs=epochs, callbacks=callbacks, **off)
    module = Module()
    trainer.fit(module, *task.torch_loaders())
    found = trainer.callback_metrics
    return found["loss"].item(), found["accuracy"].item(), outputs(module.model, task)


def skorch(task, epochs, tick):
    from skorch import NeuralNetClassifier
    from skorch.callbacks import Callback, ProgressBar
    from skorch.dataset import Dataset
    from skorch.helper import predefined_split

    class Tick(Callback):
        def on_epoch_end(self, net, **kwargs):
            tick()

    net = NeuralNetClassifier(
        task.model(),
        criterion=nn.CrossEntropyLoss,
        optimizer=torch.optim.AdamW,
        optimizer__weight_decay=DECAY,
        lr=RATE,
        batch_size=BATCH,
        max_epochs=epochs,
        iterator_train__shuffle=True,
        iterator_valid__batch_size=2 * BATCH,
        train_split=predefined_split(Dataset(*task.valid)),
        callbacks=[ProgressBar(), Tick()],
        device=str(DEVICE),
    )
    net.fit(*task.train)
    row = net.history[-1]
    return row["valid_loss"], row["valid_acc"], outputs(net.module_, task)


def keras(task, epochs, tick):
    os.environ["KERAS_BACKEND"] = "torch"
    import keras

    class Tick(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            tick()

    layers = keras.layers
    model = keras.Sequential(
        [keras.Input((PIXELS,)), layers.Dense(HIDDEN, activation="relu"), layers.Dense(CLASSES)],
    )
    model.set_weights([weight.t().numpy() for weight in task.weights.values()])
    model.compile(
        keras.optimizers.AdamW(RATE, weight_decay=DECAY),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    (inputs, targets), held_out = ([tensor.numpy() for tensor in part] for part in (task.train, task.valid))
    how = dict(batch_size=BATCH, validation_batch_size=2 * BATCH, epochs=epochs, callbacks=[Tick()])
    history = model.fit(inputs, targets, validation_data=tuple(held_out), **how).history
    logits = torch.as_tensor(model.predict(held_out[0], verbose=0))
    return history["val_loss"][-1], history["val_accuracy"][-1], logits


def ignite(task, epochs, tick):
    from ignite.engine import Events, create_supervised_evaluator, create_supervised_trainer
    from ignite.handlers import ProgressBar
    from ignite.metrics import Accuracy, Loss

    model = task.model()
    optimizer = torch.optim.AdamW(model.parameters(), RATE, weight_decay=DECAY)
    train, valid = task.torch_loaders()
    trainer = create_supervised_trainer(model, optimizer, F.cross_entropy, DEVICE)
    metrics = {"loss": Loss(F.cross_entropy), "accuracy": Accuracy()}
    evaluator = create_supervised_evaluator(model, metrics, DEVICE)
    bar = ProgressBar()
    bar.attach(trainer, output_transform=lambda loss: {"loss": loss})

    @trainer.on(Events.EPOCH_COMPLETED)
    def validate(trainer):
        found = evaluator.run(valid).metrics
        bar.log_message(f"{trainer.state.epoch}  {found['loss']:.4f}  {found['accuracy']:.4f}")
        tick()

    trainer.run(train, max_epochs=epochs)
    found = evaluator.state.metrics
    return found["loss"], found["accuracy"], outputs(model, task)


def trainer(task, epochs, tick):
    from torch.utils.data import Dataset
    from transformers import Trainer, TrainerCallback, TrainingArguments

    class Rows(Dataset):
        def __init__(self, inputs, targets):
            self.inputs, self.targets = inputs, targets

        def __len__(self):
            return len(self.inputs)

        def __getitem__(self, row):
            return {"inputs": self.inputs[row], "labels": self.targets[row]}

    class Classifier(nn.Module):  # as Trainer asks of models of one's own: the loss first, if there are labels
        def __init__(self):
            super().__init__()
            self.model = task.model()

        def forward(self, inputs, labels=None):
            logits = self.model(inputs)
            return {"loss": F.cross_entropy(logits, labels), "logits": logits} if labels is not None else (logits,)

    class Tick(TrainerCallback):
        def on_evaluate(self, *_, **__):
            tick()

    def accuracy(found):
        return {"accuracy": (found.predictions.argmax(1) == found.label_ids).mean()}

    with TemporaryDirectory() as folder:
        arguments = TrainingArguments(
            folder,
            num_train_epochs=epochs,
            per_device_train_batch_size=BATCH,
            per_device_eval_batch_size=2 * BATCH,
            learning_rate=RATE,
            weight_decay=DECAY,
            lr_scheduler_type="constant",
            max_grad_norm=0,  # the others clip nothing
            eval_strategy="epoch",
            save_strategy="no",
            report_to="none",
            dataloader_pin_memory=DEVICE.type == "cuda",
            use_cpu=DEVICE.type == "cpu",
        )
        classifier = Classifier()
        data = dict(train_dataset=Rows(*task.train), eval_dataset=Rows(*task.valid))
        trainer = Trainer(classifier, arguments, **data, compute_metrics=accuracy, callbacks=[Tick()])
        trainer.train()
    found = next(row for row in reversed(trainer.state.log_history) if "eval_loss" in row)
    return found["eval_loss"], found["eval_accuracy"], outputs(classifier.model, task)


CONTESTANTS = [
    hand_written, hand_written_dataloader, limit, coursekit, fastai, lightning, skorch, keras, ignite, trainer,
]  # fmt: skip
MORE = [coursekit_compiled]  # played on a GPU by gpu.py


def measure(contestant, task, epochs):
    """Seconds of each epoch but the first, from one epoch's end to the next's, and what was learned."""
    ends = []

    def tick():
        if DEVICE.type == "cuda":
            torch.cuda.synchronize()
        ends.append(perf_counter())

    loss, accuracy, logits = contestant(task, epochs, tick)
    assert len(ends) == epochs, f"{len(ends)} epochs ran instead of {epochs}"
    targets = task.valid[1]
    return {
        "seconds": [later - earlier for earlier, later in zip(ends, ends[1:], strict=False)],
        "said": [float(loss), float(accuracy)],
        "true": [F.cross_entropy(logits, targets).item(), (logits.argmax(1) == targets).float().mean().item()],
    }


def main(name, answers):
    """Answer each line on standard input, a number of epochs, with one line of JSON."""
    contestant = {contestant.__name__: contestant for contestant in CONTESTANTS + MORE}[name]
    task = make_task()
    with open(int(answers), "w", encoding="utf-8") as out:
        for line in sys.stdin:
            print(json.dumps(measure(contestant, task, int(line))), file=out, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
