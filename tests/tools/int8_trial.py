#!/usr/bin/python3
"""What 8-bit arithmetic in its 1x1 convolutions would cost the embedder face-reidentification-0095.

    int8_trial.py --people DIR --models DIR

DIR/PERSON/*.jpg. Each photo's face is embedded in floats, and with weights rounded to 8 bits by
output channel and inputs to 8 bits by pixel, as src/eye/inference/kernels/pointwise_int8.h does it, but with a
sign. Prints FNMR of all pairs at FMR 1e-3 and 1e-4, and how far a template moves. Needs Debian's
python3-opencv; some minutes with OpenBLAS, an hour without.
"""

import sys
import xml.etree.ElementTree as xml

import cv2
import numpy as np

from quality_trial import all_pairs, landmarks, trial_options

AT_ONCE = 16
SIDE = 128
TARGET = SIDE * np.float32([[.31557, .46157], [.68262, .46157], [.50026, .64054],
                            [.34947, .82469], [.65343, .82469]])


def rounded(values, axis):
    """To 8 bits with a sign, by the largest along the axis; as floats."""
    scale = np.maximum(np.abs(values).max(axis, keepdims=True), 1e-20) / 127
    return np.rint(values / scale), scale


def numbers(text):
    return [int(number) for number in text.split(",")]


class Network:
    """An OpenVINO IR of the operators that this network has."""

    def __init__(self, path):
        root = xml.parse(path).getroot()
        self.weights = path.with_suffix(".bin").read_bytes()
        self.layers = list(root.find("layers"))
        self.inputs = {}
        for edge in root.find("edges"):
            key = edge.get("to-layer"), int(edge.get("to-port"))
            self.inputs[key] = edge.get("from-layer")
        self.constants = {}

    def constant(self, data):
        kind = {"f16": np.float16, "f32": np.float32, "i64": np.int64}[data.get("element_type")]
        shape = numbers(data.get("shape") or "1")
        begin = int(data.get("offset"))
        flat = np.frombuffer(self.weights[begin:begin + int(data.get("size"))], kind)
        return flat.astype(np.float32 if kind != np.int64 else kind).reshape(shape)

    def run(self, images, in_8_bits):
        values, result = {}, None
        for layer in self.layers:
            number, kind, data = layer.get("id"), layer.get("type"), layer.find("data")
            given = [values[source] for (to, _), source in
                     sorted(item for item in self.inputs.items() if item[0][0] == number)]
            if kind == "Parameter":
                values[number] = images
            elif kind == "Const":
                if number not in self.constants:
                    self.constants[number] = self.constant(data)
                values[number] = self.constants[number]
            elif kind == "Convert":
                values[number] = given[0]
            elif kind == "Add":
                values[number] = given[0] + given[1]
            elif kind == "Multiply":
                values[number] = given[0] * given[1]
            elif kind == "Sigmoid":
                values[number] = 1 / (1 + np.exp(-given[0]))
            elif kind == "PReLU":
                slopes = given[1].reshape(1, -1, 1, 1)
                values[number] = np.where(given[0] < 0, given[0] * slopes, given[0])
            elif kind == "AvgPool":
                if numbers(data.get("kernel")) != list(given[0].shape[2:]):
                    sys.exit(f"layer {layer.get('name')}: only pooling of everything is known")
                values[number] = given[0].mean((2, 3), keepdims=True)
            elif kind in ("Convolution", "GroupConvolution"):
                values[number] = convolved(given[0], given[1], data, in_8_bits)
            elif kind == "Result":
                result = given[0]
            else:
                sys.exit(f"layer {layer.get('name')}: operator {kind} is not known here")
        return result.reshape(len(images), -1)


def convolved(images, weights, data, in_8_bits):
    (rows, columns), (down, right) = numbers(data.get("strides")), numbers(data.get("pads_end"))
    top, left = numbers(data.get("pads_begin"))
    padded = np.pad(images, ((0, 0), (0, 0), (top, down), (left, right)))
    height = (padded.shape[2] - weights.shape[-2]) // rows + 1
    width = (padded.shape[3] - weights.shape[-1]) // columns + 1

    def tap(y, x):
        return padded[:, :, y:y + rows * (height - 1) + 1:rows,
                      x:x + columns * (width - 1) + 1:columns]

    if weights.ndim == 5:  # of each channel by itself
        return sum(tap(y, x) * weights[:, 0, 0, y, x].reshape(1, -1, 1, 1)
                   for y in range(weights.shape[3]) for x in range(weights.shape[4]))
    if weights.shape[2:] == (1, 1):
        matrix, pixels = weights[:, :, 0, 0], tap(0, 0).transpose(0, 2, 3, 1)
        if not in_8_bits:
            return (pixels @ matrix.T).transpose(0, 3, 1, 2)
        matrix, by_output = rounded(matrix, 1)
        pixels, by_pixel = rounded(pixels, 3)
        return (pixels @ matrix.T * by_pixel * by_output.T).transpose(0, 3, 1, 2)
    window = np.concatenate([tap(y, x) for y in range(weights.shape[2])
                             for x in range(weights.shape[3])], 1)
    matrix = weights.transpose(0, 2, 3, 1).reshape(len(weights), -1)
    return (window.transpose(0, 2, 3, 1) @ matrix.T).transpose(0, 3, 1, 2)


def faces(photos, detector):
    for photo in photos:
        image = cv2.imread(str(photo))
        height, width = image.shape[:2]
        # The face in the middle, as in this collection.
        points = landmarks(detector, image, [width * .25, height * .25, width / 2, height / 2])
        if points is None:
            continue
        transform, _ = cv2.estimateAffinePartial2D(np.float32(points), TARGET, method=cv2.LMEDS)
        yield photo.parent.name, cv2.warpAffine(image, transform, (SIDE, SIDE))


def print_rates(people, templates, what):
    _, _, cosine, genuine = all_pairs(people, templates)
    rates = [100 * (cosine[genuine] < np.quantile(cosine[~genuine], 1 - fmr)).mean()
             for fmr in (1e-3, 1e-4)]
    print(f"  {what:8} FNMR {rates[0]:.2f} % at FMR 1e-3, {rates[1]:.2f} % at 1e-4")


def main():
    options = trial_options(__doc__).parse_args()
    detector = cv2.dnn.readNet(str(options.models / "yunet_n_640_640.onnx"))
    network = Network(options.models / "face-reidentification-retail-0095.xml")

    found = list(faces(sorted(options.people.glob("*/*.jpg")), detector))
    people = np.array([person for person, _ in found])
    templates = {False: [], True: []}
    for first in range(0, len(found), AT_ONCE):
        images = np.stack([face for _, face in found[first:first + AT_ONCE]])
        images = images.transpose(0, 3, 1, 2).astype(np.float32)
        for in_8_bits, all_of in templates.items():
            all_of.append(network.run(images, in_8_bits))
        if sys.stderr.isatty():
            print(f"\r{min(first + AT_ONCE, len(found))} of {len(found)}", end="", file=sys.stderr)
    templates = {kind: np.concatenate(some) for kind, some in templates.items()}
    for some in templates.values():
        some /= np.linalg.norm(some, axis=1, keepdims=True)
    print(f"\n{len(found)} photos of {len(set(people))} people")
    print_rates(people, templates[False], "floats")
    print_rates(people, templates[True], "8 bits")
    same = (templates[False] * templates[True]).sum(1)
    print(f"  cosine of a photo in floats and in 8 bits: mean {same.mean():.4f}, "
          f"least {same.min():.4f}")


if __name__ == "__main__":
    main()
