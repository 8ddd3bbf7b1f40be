// sqs-consumer as its README has it, with batches: each batch is handled (by doing nothing) and deleted
// in one call.   consumer.mjs QUEUE_URL
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const require = createRequire(process.env.PEERS + "/npm/package.json");
const { Consumer } = await import(pathToFileURL(require.resolve("sqs-consumer")));
const { SQSClient } = await import(pathToFileURL(require.resolve("@aws-sdk/client-sqs")));

Consumer.create({
  queueUrl: process.argv[2],
  batchSize: 10,
  waitTimeSeconds: 20,
  sqs: new SQSClient({ region: "us-east-1", endpoint: process.env.AWS_ENDPOINT_URL }),
  handleMessageBatch: async (messages) => messages,
}).start();
