/**
 * `keras.callbacks`: the public list.
 */
import { factory } from "../callable.ts";
import { Callback } from "./callback.ts";
import { CallbackList } from "./callback-list.ts";
import { BackupAndRestore, ModelCheckpoint } from "./checkpoint.ts";
import { CSVLogger } from "./csv-logger.ts";
import { History } from "./history.ts";
import { EarlyStopping, ReduceLROnPlateau } from "./monitor.ts";
import { ProgbarLogger } from "./progbar-logger.ts";
import {
  LambdaCallback,
  LearningRateScheduler,
  RemoteMonitor,
  SwapEMAWeights,
  TerminateOnNaN,
} from "./simple.ts";
import { TensorBoard } from "./tensorboard.ts";

/** `keras.callbacks`. */
export const callbacks = {
  Callback,
  CallbackList: factory(CallbackList),
  BackupAndRestore: factory(BackupAndRestore),
  CSVLogger: factory(CSVLogger),
  EarlyStopping: factory(EarlyStopping),
  History: factory(History),
  LambdaCallback: factory(LambdaCallback),
  LearningRateScheduler: factory(LearningRateScheduler),
  ModelCheckpoint: factory(ModelCheckpoint),
  ProgbarLogger: factory(ProgbarLogger),
  ReduceLROnPlateau: factory(ReduceLROnPlateau),
  RemoteMonitor: factory(RemoteMonitor),
  SwapEMAWeights: factory(SwapEMAWeights),
  TensorBoard: factory(TensorBoard),
  TerminateOnNaN: factory(TerminateOnNaN),
};
