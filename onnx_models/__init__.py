"""The simulator, the training, and the models that ship: `<model>/<version>/{model.onnx, card.json, card.md}`."""
