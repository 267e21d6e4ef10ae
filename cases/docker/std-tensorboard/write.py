from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.event_file_writer import EventFileWriter

writer = EventFileWriter("/logs/first")
for step, loss in enumerate([4.0, 2.0, 1.0]):
    value = Summary.Value(tag="loss", simple_value=loss)
    writer.add_event(Event(wall_time=1700000000 + step, step=step, summary=Summary(value=[value])))
writer.close()
