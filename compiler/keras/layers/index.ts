/**
 * `keras.layers`: the public list of layers. Each may be made with or without `new`. To add one: write its file and add it here.
 */
import { factory } from "../callable.ts";
import * as activation from "./activations/activation.ts";
import * as attention from "./attention/attention.ts";
import * as groupedQuery from "./attention/grouped-query-attention.ts";
import * as multiHead from "./attention/multi-head-attention.ts";
import * as conv from "./convolution/conv.ts";
import * as convTranspose from "./convolution/conv-transpose.ts";
import * as depthwise from "./convolution/depthwise-conv.ts";
import * as dense from "./core/dense.ts";
import * as einsumDense from "./core/einsum-dense.ts";
import * as embedding from "./core/embedding.ts";
import * as passing from "./core/passing.ts";
import * as input from "./input-layer.ts";
import type { Layer } from "./layer.ts";
import * as joining from "./merging/joining.ts";
import * as merging from "./merging/merge.ts";
import * as batchNormalization from "./normalization/batch-normalization.ts";
import * as groupNormalization from "./normalization/group-normalization.ts";
import * as layerNormalization from "./normalization/layer-normalization.ts";
import * as spectralNormalization from "./normalization/spectral-normalization.ts";
import * as adaptivePooling from "./pooling/adaptive-pooling.ts";
import * as globalPooling from "./pooling/global-pooling.ts";
import * as pooling from "./pooling/pooling.ts";
import * as discretization from "./preprocessing/discretization.ts";
import * as hashing from "./preprocessing/hashing.ts";
import * as integerLookup from "./preprocessing/integer-lookup.ts";
import * as normalization from "./preprocessing/normalization.ts";
import * as rescaling from "./preprocessing/rescaling.ts";
import * as stftSpectrogram from "./preprocessing/stft-spectrogram.ts";
import * as stringLookup from "./preprocessing/string-lookup.ts";
import * as bidirectional from "./recurrent/bidirectional.ts";
import * as convLstm from "./recurrent/conv-lstm.ts";
import * as gru from "./recurrent/gru.ts";
import * as lstm from "./recurrent/lstm.ts";
import * as rnn from "./recurrent/rnn.ts";
import * as simpleRnn from "./recurrent/simple-rnn.ts";
import * as stackedCells from "./recurrent/stacked-cells.ts";
import * as timeDistributed from "./recurrent/time-distributed.ts";
import * as activityRegularization from "./regularization/activity-regularization.ts";
import * as dropout from "./regularization/dropout.ts";
import * as borders from "./reshaping/borders.ts";
import * as reshaping from "./reshaping/reshaping.ts";
import * as upSampling from "./reshaping/up-sampling.ts";

export { Wrapper } from "./core/wrapper.ts";
export { Input } from "./input-layer.ts";
export { Layer } from "./layer.ts";
export const InputLayer = factory(input.InputLayer);

export const Dense = factory(dense.Dense);
export const EinsumDense = factory(einsumDense.EinsumDense);
export const Embedding = factory(embedding.Embedding);
export const ReversibleEmbedding = factory(embedding.ReversibleEmbedding);
export const Identity = factory(passing.Identity);
export const Masking = factory(passing.Masking);
export const Lambda = factory(passing.Lambda);

export const Conv1D = factory(conv.Conv1D);
export const Conv2D = factory(conv.Conv2D);
export const Conv3D = factory(conv.Conv3D);
export const Conv1DTranspose = factory(convTranspose.Conv1DTranspose);
export const Conv2DTranspose = factory(convTranspose.Conv2DTranspose);
export const Conv3DTranspose = factory(convTranspose.Conv3DTranspose);
export const DepthwiseConv1D = factory(depthwise.DepthwiseConv1D);
export const DepthwiseConv2D = factory(depthwise.DepthwiseConv2D);
export const SeparableConv1D = factory(depthwise.SeparableConv1D);
export const SeparableConv2D = factory(depthwise.SeparableConv2D);
export const Convolution1D = Conv1D;
export const Convolution2D = Conv2D;
export const Convolution3D = Conv3D;
export const Convolution1DTranspose = Conv1DTranspose;
export const Convolution2DTranspose = Conv2DTranspose;
export const Convolution3DTranspose = Conv3DTranspose;
export const SeparableConvolution1D = SeparableConv1D;
export const SeparableConvolution2D = SeparableConv2D;

export const MaxPooling1D = factory(pooling.MaxPooling1D);
export const MaxPooling2D = factory(pooling.MaxPooling2D);
export const MaxPooling3D = factory(pooling.MaxPooling3D);
export const AveragePooling1D = factory(pooling.AveragePooling1D);
export const AveragePooling2D = factory(pooling.AveragePooling2D);
export const AveragePooling3D = factory(pooling.AveragePooling3D);
export const AdaptiveMaxPooling1D = factory(adaptivePooling.AdaptiveMaxPooling1D);
export const AdaptiveMaxPooling2D = factory(adaptivePooling.AdaptiveMaxPooling2D);
export const AdaptiveMaxPooling3D = factory(adaptivePooling.AdaptiveMaxPooling3D);
export const AdaptiveAveragePooling1D = factory(adaptivePooling.AdaptiveAveragePooling1D);
export const AdaptiveAveragePooling2D = factory(adaptivePooling.AdaptiveAveragePooling2D);
export const AdaptiveAveragePooling3D = factory(adaptivePooling.AdaptiveAveragePooling3D);
export const GlobalAveragePooling1D = factory(globalPooling.GlobalAveragePooling1D);
export const GlobalAveragePooling2D = factory(globalPooling.GlobalAveragePooling2D);
export const GlobalAveragePooling3D = factory(globalPooling.GlobalAveragePooling3D);
export const GlobalMaxPooling1D = factory(globalPooling.GlobalMaxPooling1D);
export const GlobalMaxPooling2D = factory(globalPooling.GlobalMaxPooling2D);
export const GlobalMaxPooling3D = factory(globalPooling.GlobalMaxPooling3D);
export const MaxPool1D = MaxPooling1D;
export const MaxPool2D = MaxPooling2D;
export const MaxPool3D = MaxPooling3D;
export const AvgPool1D = AveragePooling1D;
export const AvgPool2D = AveragePooling2D;
export const AvgPool3D = AveragePooling3D;
export const GlobalAvgPool1D = GlobalAveragePooling1D;
export const GlobalAvgPool2D = GlobalAveragePooling2D;
export const GlobalAvgPool3D = GlobalAveragePooling3D;
export const GlobalMaxPool1D = GlobalMaxPooling1D;
export const GlobalMaxPool2D = GlobalMaxPooling2D;
export const GlobalMaxPool3D = GlobalMaxPooling3D;

export const Flatten = factory(reshaping.Flatten);
export const Reshape = factory(reshaping.Reshape);
export const Permute = factory(reshaping.Permute);
export const RepeatVector = factory(reshaping.RepeatVector);
export const ZeroPadding1D = factory(borders.ZeroPadding1D);
export const ZeroPadding2D = factory(borders.ZeroPadding2D);
export const ZeroPadding3D = factory(borders.ZeroPadding3D);
export const Cropping1D = factory(borders.Cropping1D);
export const Cropping2D = factory(borders.Cropping2D);
export const Cropping3D = factory(borders.Cropping3D);
export const UpSampling1D = factory(upSampling.UpSampling1D);
export const UpSampling2D = factory(upSampling.UpSampling2D);
export const UpSampling3D = factory(upSampling.UpSampling3D);

export const Rescaling = factory(rescaling.Rescaling);
export const Normalization = factory(normalization.Normalization);
export const Discretization = factory(discretization.Discretization);
export const CategoryEncoding = factory(discretization.CategoryEncoding);
export const IntegerLookup = factory(integerLookup.IntegerLookup);
export const StringLookup = factory(stringLookup.StringLookup);
export const TextVectorization = factory(stringLookup.TextVectorization);
export const Hashing = factory(hashing.Hashing);
export const HashedCrossing = factory(hashing.HashedCrossing);
export const STFTSpectrogram = factory(stftSpectrogram.STFTSpectrogram);

export const Activation = factory(activation.Activation);
export const ReLU = factory(activation.ReLU);
export const LeakyReLU = factory(activation.LeakyReLU);
export const ELU = factory(activation.ELU);
export const PReLU = factory(activation.PReLU);
export const Softmax = factory(activation.Softmax);

export const Attention = factory(attention.Attention);
export const AdditiveAttention = factory(attention.AdditiveAttention);
export const MultiHeadAttention = factory(multiHead.MultiHeadAttention);
export const GroupedQueryAttention = factory(groupedQuery.GroupedQueryAttention);
export const GroupQueryAttention = GroupedQueryAttention;

export const Dropout = factory(dropout.Dropout);
export const AlphaDropout = factory(dropout.AlphaDropout);
export const GaussianDropout = factory(dropout.GaussianDropout);
export const GaussianNoise = factory(dropout.GaussianNoise);
export const SpatialDropout1D = factory(dropout.SpatialDropout1D);
export const SpatialDropout2D = factory(dropout.SpatialDropout2D);
export const SpatialDropout3D = factory(dropout.SpatialDropout3D);
export const ActivityRegularization = factory(activityRegularization.ActivityRegularization);

export const BatchNormalization = factory(batchNormalization.BatchNormalization);
export const LayerNormalization = factory(layerNormalization.LayerNormalization);
export const GroupNormalization = factory(groupNormalization.GroupNormalization);
export const RMSNormalization = factory(layerNormalization.RMSNormalization);
export const UnitNormalization = factory(layerNormalization.UnitNormalization);
export const SpectralNormalization = factory(spectralNormalization.SpectralNormalization);

export const Add = factory(merging.Add);
export const Subtract = factory(merging.Subtract);
export const Multiply = factory(merging.Multiply);
export const Average = factory(merging.Average);
export const Maximum = factory(merging.Maximum);
export const Minimum = factory(merging.Minimum);
export const Concatenate = factory(joining.Concatenate);
export const Dot = factory(joining.Dot);

const merge = (Class: new () => Layer) => (inputs: Parameters<Layer>[0]) => new Class()(inputs);
/** The merging layers as functions: `layers.add([a, b])`. */
export const add = merge(merging.Add);
export const subtract = merge(merging.Subtract);
export const multiply = merge(merging.Multiply);
export const average = merge(merging.Average);
export const maximum = merge(merging.Maximum);
export const minimum = merge(merging.Minimum);
export const concatenate = (inputs: Parameters<Layer>[0], options: { axis?: number } = {}) =>
  new joining.Concatenate(options)(inputs);
/** `layers.dot([a, b], { axes: 1 })`. */
export const dot = (inputs: Parameters<Layer>[0], options: joining.DotOptions) =>
  new joining.Dot(options)(inputs);

export const RNN = factory(rnn.RNN);
export const SimpleRNN = factory(simpleRnn.SimpleRNN);
export const SimpleRNNCell = factory(simpleRnn.SimpleRNNCell);
export const GRU = factory(gru.GRU);
export const GRUCell = factory(gru.GRUCell);
export const LSTM = factory(lstm.LSTM);
export const LSTMCell = factory(lstm.LSTMCell);
export const StackedRNNCells = factory(stackedCells.StackedRNNCells);
export const Bidirectional = factory(bidirectional.Bidirectional);
export const TimeDistributed = factory(timeDistributed.TimeDistributed);
export const ConvLSTM1D = factory(convLstm.ConvLSTM1D);
export const ConvLSTM2D = factory(convLstm.ConvLSTM2D);
export const ConvLSTM3D = factory(convLstm.ConvLSTM3D);
