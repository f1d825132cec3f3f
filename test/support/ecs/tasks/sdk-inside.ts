// A task that protects itself by the SDK with only its environment, then by the agent. Prints the replies.

import { ECSClient, UpdateTaskProtectionCommand } from '@aws-sdk/client-ecs'

const metadata = (await (await fetch(`${process.env.ECS_CONTAINER_METADATA_URI_V4}/task`)).json()) as {
  readonly Cluster: string
  readonly TaskARN: string
}
const client = new ECSClient({})
const answer = await client.send(
  new UpdateTaskProtectionCommand({
    cluster: metadata.Cluster,
    tasks: [metadata.TaskARN],
    protectionEnabled: true,
    expiresInMinutes: 5,
  }),
)
process.stdout.write(`sdk ${JSON.stringify(answer.protectedTasks)}\n`)
const state = await fetch(`${process.env.ECS_AGENT_URI}/task-protection/v1/state`, {
  method: 'PUT',
  body: JSON.stringify({ ProtectionEnabled: false }),
})
process.stdout.write(`agent ${state.status} ${await state.text()}\n`)
