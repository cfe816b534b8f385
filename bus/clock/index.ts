export { Follower, marksOf, notFollowing } from "./follower.ts";
export { clockService } from "./service.ts";
