// Terraform's pattern of calls for roles that have two inline policies and three attached ones, and a policy of their own
// each: what tests/bench/accounts.py has as a table, ten at a time as Terraform does. Twice; CPU nanoseconds of both rounds
// out.   reconcile NAME...
package main

import (
	"context"
	"fmt"
	"log"
	"net/url"
	"os"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/iam"
)

const (
	atOnce  = 10
	account = "361769565206"
)

var made atomic.Int64

func cpu() int64 {
	var usage syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return usage.Utime.Nano() + usage.Stime.Nano()
}

// must counts the call, whose answer it hands on.
func must[T any](answer T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	made.Add(1)
	return answer
}

func read(ctx context.Context, client *iam.Client, name string) {
	role := aws.String(name)
	// aws_iam_role
	must(client.GetRole(ctx, &iam.GetRoleInput{RoleName: role}))
	inline := must(client.ListRolePolicies(ctx, &iam.ListRolePoliciesInput{RoleName: role})).PolicyNames
	readInline := func(policy string) {
		found := must(client.GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: role, PolicyName: aws.String(policy)}))
		url.QueryUnescape(*found.PolicyDocument)
	}
	for _, policy := range inline {
		readInline(policy)
	}
	attached := must(client.ListAttachedRolePolicies(ctx, &iam.ListAttachedRolePoliciesInput{RoleName: role})).AttachedPolicies
	// aws_iam_role_policy
	for _, policy := range inline {
		readInline(policy)
	}
	// aws_iam_role_policy_attachment
	for range attached {
		must(client.ListAttachedRolePolicies(ctx, &iam.ListAttachedRolePoliciesInput{RoleName: role}))
	}
	// aws_iam_policy
	arn := aws.String("arn:aws:iam::" + account + ":policy/" + name + "-own")
	policy := must(client.GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: arn})).Policy
	version := must(client.GetPolicyVersion(ctx, &iam.GetPolicyVersionInput{PolicyArn: arn, VersionId: policy.DefaultVersionId}))
	url.QueryUnescape(*version.PolicyVersion.Document)
}

func round(ctx context.Context, client *iam.Client, names []string) int64 {
	began := cpu()
	var all sync.WaitGroup
	work := make(chan string)
	for range atOnce {
		all.Add(1)
		go func() {
			defer all.Done()
			for name := range work {
				read(ctx, client, name)
			}
		}()
	}
	for _, name := range names {
		work <- name
	}
	close(work)
	all.Wait()
	return cpu() - began
}

func main() {
	ctx := context.Background()
	settings, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		log.Fatal(err)
	}
	client := iam.NewFromConfig(settings)
	first := round(ctx, client, os.Args[1:])
	second := round(ctx, client, os.Args[1:])
	fmt.Printf("{\"first_ns\": %d, \"ns\": %d, \"calls\": %d}\n", first, second, made.Load())
}
