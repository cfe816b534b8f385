export { Follower, notFollowing } from "./follower.ts";
export { clockService } from "./service.ts";
